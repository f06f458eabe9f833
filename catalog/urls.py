"""Addresses of the catalogue."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from catalog.views import (
    access,
    grid,
    home,
    imports,
    links,
    media,
    pictures,
    plans,
    products,
    search,
    structure,
    trash,
    variants,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", home.Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("search/", search.search_page, name="search"),
    path("products/", grid.product_list, name="product_list"),
    path("products/export.csv", grid.product_export, name="product_export"),
    path("attributes/<str:code>/options/", products.option_search, name="option_search"),
    path("views/save/", grid.view_save, name="view_save"),
    path("views/<int:pk>/delete/", grid.view_delete, name="view_delete"),
    path("products/<path:code>/trash/", trash.product_trash, name="product_trash"),
    path("products/<path:code>/variant/", variants.variant_detail, name="variant_detail"),
    path("products/<path:code>/links/", links.product_links, name="product_links"),
    path("products/<path:code>/variants/trash/", trash.variant_trash, name="variant_trash"),
    path("products/<path:code>/copy/", trash.product_copy, name="product_copy"),
    path("products/<path:code>/pictures/", pictures.product_pictures, name="product_pictures"),
    path("products/<path:code>/", products.product_detail, name="product_detail"),
    path("held-prices/<int:pk>/", products.held_price, name="held_price"),
    path("plans/", plans.plan_list, name="plan_list"),
    path("plans/new/", plans.plan_new, name="plan_new"),
    path("plans/<uuid:pk>/", plans.plan_detail, name="plan_detail"),
    path("plans/<uuid:pk>/decide/", plans.plan_decide, name="plan_decide"),
    path("changes/", plans.change_set_list, name="change_set_list"),
    path("changes/<uuid:pk>/", plans.change_set_detail, name="change_set_detail"),
    path("changes/<uuid:pk>/undo/", plans.change_set_undo, name="change_set_undo"),
    path("trash/", trash.trash_list, name="trash_list"),
    path("trash/restore/", trash.trash_restore, name="trash_restore"),
    path("structure/", structure.structure_index, name="structure_index"),
    path("structure/<slug:name>/", structure.structure_list, name="structure_list"),
    path("structure/<slug:name>/edit/", structure.structure_edit, name="structure_edit"),
    path("tokens/", access.token_list, name="token_list"),
    path("tokens/<str:prefix>/", access.token_change, name="token_change"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/apply/", imports.import_apply, name="import_apply"),
    path("imports/<int:pk>/resume/", imports.import_resume, name="import_resume"),
    path("imports/<int:pk>/errors/", imports.import_errors, name="import_errors"),
    path("media/thumbnails/<int:width>/<path:name>", media.media_thumbnail, name="media_thumbnail"),
    path("media/<path:name>", media.media_file, name="media_file"),
]
